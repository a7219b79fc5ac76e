/** Step 1: the deprecated list of an envoy's two ports becomes the list that names them. Source: spec 02, 6.1. */
import { done, type Verdict } from '../../../messages/verdict.ts';
import { isEnvoy } from '../../../messages/weka-modes.ts';
import { kube, type Script } from '../../calls.ts';
import { containerRef, type Pass } from '../pass.ts';
import { kubeFailed } from '../said.ts';
import { type Ask, ask } from '../step.ts';

const NAMES = ['envoy', 'envoy-admin'] as const;

/** Any other mode or length stays as it is. */
export const hasDeprecatedPorts = ({ spec }: Pass): boolean =>
  isEnvoy(spec.mode) && spec.exposePorts?.length === NAMES.length;

export const migrateEnsurePorts = (pass: Pass): Ask => ask('object', migrate(pass));
function* migrate(pass: Pass): Script<Verdict> {
  const { resourceVersion } = pass.container.metadata;
  const exposedPorts = NAMES.map((name, index) => {
    const port = pass.spec.exposePorts?.[index];
    return { name, containerPort: port, hostPort: port };
  });
  const patch = { metadata: { resourceVersion }, spec: { exposedPorts, exposePorts: null } };
  const outcome = yield* kube({ verb: 'mergePatch', ref: containerRef(pass), patch });
  return outcome.kind === 'ok' ? done : kubeFailed('failed to patch resource', outcome);
}
