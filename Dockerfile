# The controller: Node, production dependencies, sources. No build step: Node runs TypeScript by stripping its types.
ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /controller
COPY package.json package-lock.json .npmrc ./
# No package needs its install script, so none runs.
RUN npm ci --omit=dev --ignore-scripts

FROM ${NODE_IMAGE}
WORKDIR /controller
ENV NODE_ENV=production
COPY --from=dependencies /controller/node_modules node_modules
COPY package.json main.ts config.ts ./
COPY messages messages
COPY io io
COPY actors actors
COPY supervisors supervisors
# A number: the kubelet cannot see whether a name is root (runAsNonRoot).
USER 65532:65532
# Node itself is the first process: it has the signals, and its handlers end it.
ENTRYPOINT ["node", "main.ts"]
