/** Takes all mounts of weka file systems off a node, by a helper in its mount namespace. Source: spec 03, 6.4, 15 no. 9; F33. */
import { parseUmountResult } from '../../../io/weka-parsers/results.ts';
import { CONTAINERS, controllerOf, refOf } from '../../../messages/kube.ts';
import { done, doneWith, failed, type Verdict, WAIT_MS, wait, warningEachMinute } from '../../../messages/verdict.ts';
import type { WekaContainer } from '../../../messages/weka-container.ts';
import { kube, type Script } from '../../calls.ts';
import { collect } from '../../node/discovery.ts';
import { umountDraft, umountName } from '../../rules/helpers.ts';
import { namespaceOf, type Pass } from '../pass.ts';
import { kubeFailed, kubeText } from '../said.ts';

const NOT_READY = 'umount on host: results are not ready';

/** Done once the helper has said what it did, whatever that was; its name is one per node, so another client's is waited for. */
export function* umountOnHost(pass: Pass): Script<Verdict> {
  const { container, nodeName, uid } = pass;
  if (nodeName === undefined) return done;
  const ref = refOf(CONTAINERS, { name: umountName(nodeName), namespace: namespaceOf(pass) });
  const helper = yield* kube<WekaContainer>({ verb: 'get', ref }, 'removal');
  if (helper.kind === 'notFound') {
    const object = umountDraft(container, nodeName);
    const created = yield* kube({ verb: 'create', type: CONTAINERS, object }, 'removal');
    if (created.kind === 'ok' || created.kind === 'alreadyExists') return wait(WAIT_MS, NOT_READY);
    return failed(`failed to create the umount container: ${kubeText(created)}`);
  }
  if (helper.kind !== 'ok') return kubeFailed('failed to read the umount container', helper);
  const { metadata, status } = helper.answer;
  const owner = controllerOf(metadata);
  if (owner?.uid !== uid) return wait(WAIT_MS, `umount on host: busy for ${owner?.name ?? 'nobody'}`);
  if (metadata.deletionTimestamp !== undefined || status?.result === undefined) return wait(WAIT_MS, NOT_READY);
  const result = parseUmountResult(status.result);
  const left = yield* collect(helper.answer);
  if (left !== undefined) return failed(left);
  if (result.kind === 'ok') return done;
  return doneWith({ events: [warningEachMinute('OperationResultError', `umount on host: ${result.why}`)] });
}
