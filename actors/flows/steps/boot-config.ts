/** Keeps the copy of the boot scripts in the container's namespace equal to the operator's. Source: spec 02, 6.11. */
import { CONFIG_MAPS } from '../../../messages/kube.ts';
import { sameJson } from '../../../messages/merge-patch.ts';
import { done, failed, type Verdict } from '../../../messages/verdict.ts';
import { kube, type Script } from '../../calls.ts';
import { namespaceOf, type Pass } from '../pass.ts';
import { kubeFailed } from '../said.ts';
import { type Ask, ask } from '../step.ts';

const NAME = 'weka-boot-scripts';

export function ensureBootConfigMap(pass: Pass): Verdict | Ask {
  const { view, settings } = pass;
  const namespace = namespaceOf(pass);
  const source = view.configMap(settings.operatorNamespace, NAME);
  if (source === undefined) return failed(`configmaps "${NAME}" not found in namespace ${settings.operatorNamespace}`);
  if (namespace === settings.operatorNamespace) return done;
  const copy = view.configMap(namespace, NAME);
  if (copy !== undefined && sameJson(copy.data ?? {}, source.data ?? {})) return done;
  return ask('object', copyTo(namespace, source.data ?? {}, copy !== undefined));
}

function* copyTo(namespace: string, data: Readonly<Record<string, string>>, there: boolean): Script<Verdict> {
  const ref = { type: CONFIG_MAPS, namespace, name: NAME };
  if (!there) {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: NAME, namespace }, data };
    const created = yield* kube({ verb: 'create', type: CONFIG_MAPS, object });
    // Another container of this namespace may have been first; any other failure shows when the pod cannot mount it.
    if (created.kind !== 'alreadyExists') return done;
    const present = yield* kube({ verb: 'get', ref });
    if (present.kind !== 'ok') return kubeFailed(`failed to read ConfigMap ${NAME}`, present);
    if (sameJson('data' in present.answer ? present.answer.data : {}, data)) return done;
  }
  const outcome = yield* kube({ verb: 'jsonPatch', ref, patch: [{ op: 'add', path: '/data', value: data }] });
  return outcome.kind === 'ok' ? done : kubeFailed(`failed to update ConfigMap ${NAME}`, outcome);
}
