/** Paths of the Kubernetes API and what they mean. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Route, routeOf } from '../../../deploy/sandbox/api/routes.ts';
import { simClock } from '../../support/sim-clock.ts';
import { newStore } from './new-store.ts';

const types = newStore(simClock()).types();
const shown = (route: Route | undefined): string => {
  if (route === undefined) return 'none';
  if (route.kind === 'collection') return `${route.served.type.plural} in ${route.namespace ?? 'all'}`;
  if (route.kind !== 'object') return route.kind;
  const { ref, subresource = '-' } = route;
  return `${ref.type.plural} ${ref.namespace ?? ''}/${ref.name} ${subresource}`;
};

const cases: readonly (readonly [path: string, meaning: string])[] = [
  ['/livez', 'health'],
  ['/api', 'coreVersions'],
  ['/api/', 'coreVersions'],
  ['/apis', 'groups'],
  ['/apis/apps', 'group'],
  ['/apis/apps/v1', 'resources'],
  ['/openapi/v3/api/v1', 'openApi'],
  ['/openapi/v3/apis/apps/v1', 'openApi'],
  ['/openapi/v2', 'none'],
  ['/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', 'review'],
  ['/api/v1/pods', 'pods in all'],
  ['/api/v1/namespaces', 'namespaces in all'],
  ['/api/v1/namespaces/x', 'namespaces /x -'],
  ['/api/v1/namespaces/x/status', 'namespaces /x status'],
  ['/api/v1/namespaces/x/pods', 'pods in x'],
  ['/api/v1/namespaces/x/pods/a%2Fb', 'pods x/a/b -'],
  ['/api/v1/namespaces/x/pods/p/exec', 'pods x/p exec'],
  ['/api/v1/namespaces/x/pods/p/exec/more', 'none'],
  ['/api/v1/namespaces/x/nodes', 'none'],
  ['/api/v1/pods/p', 'none'],
  ['/api/v1/nodes/n/status', 'nodes /n status'],
  ['/apis/weka.weka.io/v1alpha1/namespaces/x/wekacontainers/c/status', 'wekacontainers x/c status'],
  ['/apis/weka.weka.io/v1/wekacontainers', 'none'],
  ['/api/v1/namespaces/x/__proto__', 'none'],
  ['/api/v1/namespaces/%', 'none'],
  ['/', 'none'],
];
for (const [path, meaning] of cases)
  test(`routes: ${path} is ${meaning}`, () => assert.is(shown(routeOf(path, types)), meaning));

test.run();
