/** Brings a pod into the form in which two equal ones are equal JSON. Source: README of the golden pods, "How to compare". */
import {
  COPY_DRIVER_TOOLKIT,
  COPY_WEKA_FILES,
  INSTALL_OTEL_PACKAGES,
  LOAD_UIO,
} from '../../actors/rules/pod-spec/init-scripts.ts';
import { quantityNano } from '../../messages/quantity.ts';

type Json = Readonly<Record<string, unknown>>;

const OUR_SCRIPTS: ReadonlySet<unknown> = new Set([
  COPY_DRIVER_TOOLKIT,
  COPY_WEKA_FILES,
  INSTALL_OTEL_PACKAGES,
  LOAD_UIO,
]);

/** Quantities become numbers, unset fields go, volumes and mounts are sorted, script texts become one word. */
export function comparablePod(pod: unknown): unknown {
  const { status: _, metadata, spec, ...rest } = pod as Json;
  const { creationTimestamp: __, ...meta } = metadata as Json;
  const { volumes, containers, initContainers, ...others } = spec as Json;
  return {
    ...rest,
    metadata: meta,
    spec: {
      ...others,
      volumes: sorted(items(volumes).map(volume), 'name'),
      containers: items(containers).map(container),
      ...(initContainers === undefined ? {} : { initContainers: items(initContainers).map(container) }),
    },
  };
}

function container({ env, resources, volumeMounts, command, args, ...rest }: Json): Json {
  return {
    ...rest,
    command: words(command),
    ...(args === undefined ? {} : { args: words(args) }),
    ...(env === undefined ? {} : { env: items(env).map(variable) }),
    ...(isEmpty(resources) ? {} : { resources: amounts(resources as Json) }),
    volumeMounts: sorted(items(volumeMounts), 'mountPath'),
  };
}

const words = (list: unknown): readonly unknown[] =>
  (list as readonly unknown[]).map((word) =>
    OUR_SCRIPTS.has(word) || (typeof word === 'string' && word.startsWith('<script ')) ? '<script>' : word,
  );

const variable = ({ value, ...rest }: Json): Json => (value === undefined || value === '' ? rest : { ...rest, value });

function volume({ hostPath, ...rest }: Json): Json {
  if (hostPath === undefined) return rest;
  const { type, ...path } = hostPath as Json;
  return { ...rest, hostPath: type === undefined || type === '' ? path : { ...path, type } };
}

const amounts = (resources: Json): Json =>
  Object.fromEntries(
    Object.entries(resources).map(([kind, byName]) => [
      kind,
      Object.fromEntries(
        Object.entries(byName as Json).map(([name, amount]) => [name, comparableQuantity(amount as string | number)]),
      ),
    ]),
  );

const items = (list: unknown): readonly Json[] => (list ?? []) as readonly Json[];
const sorted = (list: readonly Json[], key: string): readonly Json[] =>
  list.toSorted((one, other) => (String(one[key]) < String(other[key]) ? -1 : 1));
const isEmpty = (value: unknown): boolean => value === undefined || Object.keys(value as Json).length === 0;

/** The amount in billionths as text, so that `3000M` and `3G` are one; the text itself when it is no quantity. */
export const comparableQuantity = (amount: string | number): string => {
  const billionths = quantityNano(amount);
  return billionths === undefined ? `not a quantity: ${amount}` : `${billionths} billionths`;
};
