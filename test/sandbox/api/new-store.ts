/** A store that serves the CRDs of deploy/chart/crds and has the namespace that the tests write to. */
import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { load } from 'js-yaml';
import type { ApiStore } from '../../../deploy/sandbox/world/api.ts';
import { createApiStore } from '../../../deploy/sandbox/world/api-store.ts';
import type { Clock } from '../../../io/clock.ts';
import { NAMESPACES } from '../../../messages/kube.ts';
import { random } from '../../support/seeded.ts';

const folder = resolve(import.meta.dirname, '../../../deploy/chart/crds');
const crds = globSync('*.yaml', { cwd: folder }).map((name) => load(readFileSync(resolve(folder, name), 'utf8')));

export function newStore(clock: Clock): ApiStore {
  const store = createApiStore({ clock, random: random('api-server tests'), crds });
  const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'weka' } };
  const created = store.request({ verb: 'create', type: NAMESPACES, object });
  if (created.kind !== 'ok') throw new Error(`namespace weka: ${JSON.stringify(created)}`);
  return store;
}
