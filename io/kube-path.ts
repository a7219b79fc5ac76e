/** Where requests go and what they carry: path, query, method, body. Pure. Source: the Kubernetes API conventions. */

import type { ObjectRef, ResourceType, WatchRequest } from '../messages/kube.ts';
import type { ListRequest, ObjectRequest } from './outside.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query. */
  readonly path: string;
  readonly contentType?: string;
  /** JSON text. */
  readonly body?: string;
}

/** `/api/v1/pods`, `/apis/apps/v1/namespaces/x/deployments`, … An absent namespace means all of them. */
export function collectionPath(type: ResourceType, namespace?: string): string {
  const root = type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
  return namespace === undefined
    ? `${root}/${type.plural}`
    : `${root}/namespaces/${encodeURIComponent(namespace)}/${type.plural}`;
}

export function objectPath(ref: ObjectRef, subresource?: string): string {
  const path = `${collectionPath(ref.type, ref.namespace)}/${encodeURIComponent(ref.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

export function listHttp(request: ListRequest): HttpRequest {
  const path = collectionPath(request.type, request.namespace);
  const query = queryOf({
    labelSelector: request.labelSelector,
    fieldSelector: request.fieldSelector,
    limit: request.limit?.toString(),
    continue: request.continue,
    resourceVersion: request.resourceVersion,
  });
  return { method: 'GET', path: path + query };
}

/** `timeoutSeconds`: when the server ends the watch by itself. */
export function watchHttp(request: WatchRequest, timeoutSeconds: number): HttpRequest {
  const streaming = request.sendInitialEvents === true;
  const query = queryOf({
    watch: '1',
    allowWatchBookmarks: 'true',
    labelSelector: request.labelSelector,
    fieldSelector: request.fieldSelector,
    resourceVersion: request.resourceVersion === '' ? undefined : request.resourceVersion,
    sendInitialEvents: streaming ? 'true' : undefined,
    resourceVersionMatch: streaming ? 'NotOlderThan' : undefined,
    timeoutSeconds: String(timeoutSeconds),
  });
  return { method: 'GET', path: collectionPath(request.type, request.namespace) + query };
}

export function objectHttp(request: ObjectRequest): HttpRequest {
  switch (request.verb) {
    case 'get':
      return { method: 'GET', path: objectPath(request.ref) };
    case 'create':
      return json('POST', collectionPath(request.type, request.object.metadata.namespace), request.object);
    case 'replace':
      return json('PUT', objectPath(request.ref, request.subresource), request.object);
    case 'mergePatch': {
      const path = objectPath(request.ref, request.subresource);
      return { ...json('PATCH', path, request.patch), contentType: 'application/merge-patch+json' };
    }
    case 'jsonPatch': {
      const path = objectPath(request.ref, request.subresource);
      return { ...json('PATCH', path, request.patch), contentType: 'application/json-patch+json' };
    }
    case 'delete': {
      const { uid, resourceVersion, gracePeriodSeconds, propagation } = request;
      const preconditions = {
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      };
      return json('DELETE', objectPath(request.ref), {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        ...(Object.keys(preconditions).length === 0 ? {} : { preconditions }),
        ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
        ...(propagation === undefined ? {} : { propagationPolicy: propagation }),
      });
    }
  }
}

const json = (method: HttpRequest['method'], path: string, body: unknown): HttpRequest => ({
  method,
  path,
  contentType: 'application/json',
  body: JSON.stringify(body),
});

function queryOf(fields: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) query.set(key, value);
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}
