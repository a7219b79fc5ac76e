/** Step 16: the copy of the boot scripts in the container's namespace equals the operator's. Source: spec 02, 6.11. */
import { sameJson } from '../../../messages/merge-patch.ts';
import { done, failed, type Verdict, WAIT_MS, wait } from '../../../messages/verdict.ts';
import { askNamespace, type Script } from '../../calls.ts';
import { BOOT_SCRIPTS, sourceMissing } from '../../rules/boot-scripts.ts';
import { namespaceOf, type Pass } from '../pass.ts';
import { type Ask, ask } from '../step.ts';

export function ensureBootConfigMap(pass: Pass): Verdict | Ask {
  const { view, settings } = pass;
  const namespace = namespaceOf(pass);
  const source = view.configMap(settings.operatorNamespace, BOOT_SCRIPTS);
  if (source === undefined) return failed(sourceMissing(settings.operatorNamespace));
  if (namespace === settings.operatorNamespace) return done;
  const copy = view.configMap(namespace, BOOT_SCRIPTS);
  if (copy !== undefined && sameJson(copy.data ?? {}, source.data ?? {})) return done;
  return ask('object', copied(pass, namespace));
}

/** The namespace's actor makes one copy for all. The wait ends with its word, not with the delay. */
function* copied({ uid }: Pass, namespace: string): Script<Verdict> {
  const answer = yield* askNamespace({ kind: 'bootConfigMap', namespace, uid });
  switch (answer.kind) {
    case 'pending':
      return wait(WAIT_MS, `ConfigMap ${BOOT_SCRIPTS} is being copied to namespace ${namespace}`);
    case 'refused':
      return done;
    case 'failed':
      return failed(answer.reason);
  }
}
