/** The account of the chart on a cluster with a modelled fleet: its environment, its kubeconfig, its roles whole or with rights missing. */
import { OWN_DEPLOYMENT, type Rule, type Verb, verbsOf } from '../../deploy/permissions.ts';
import { SIGN_DRIVES_IMAGE } from '../../deploy/sandbox/world/operation-kinds.ts';
import { DEPLOYMENT_NAME, OPERATOR_IMAGE } from '../../deploy/sandbox/world/world.ts';
import { chartOf, environmentOf, objectsOf, type Rendered, say } from './chart-run.ts';
import { fine, flags, type Tools, yaml } from './chart-stage.ts';
import type { LiveCluster } from './cluster.ts';
import { NAMESPACE, OPERATOR_NAMESPACE } from './fleet-story.ts';
import { accountKubeconfig } from './replicas.ts';
import { until } from './waiting.ts';

/** Also the name of the modelled Deployment, as in the chart. */
export const ACCOUNT = { name: DEPLOYMENT_NAME, namespace: OPERATOR_NAMESPACE };
export const USER = `system:serviceaccount:${OPERATOR_NAMESPACE}:${DEPLOYMENT_NAME}`;
const ACCOUNT_MS_MAX = 30_000;

/** A rule of the table without some of its verbs, or without any. */
export interface Lack {
  readonly rule: Rule;
  readonly verbs?: readonly Verb[];
}
export interface Roles {
  readonly env: Readonly<Record<string, string>>;
  /** Path; the account's. */
  readonly kubeconfig: string;
  /** The chart's roles but for these rights, from a moment later on; without an argument they are whole. */
  readonly give: (lacks?: readonly Lack[]) => void;
  /** Text of kubectl as an administrator. */
  readonly kubectl: (...argv: readonly string[]) => string;
}

interface Granted {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}
type Role = Rendered & { readonly rules: readonly Granted[] };

/** The fleet must have moved in: it brings namespaces and the account. `sets` are values of the chart. */
export async function chartRoles(
  tools: Extract<Tools, { kind: 'ready' }>,
  { kubeconfig, folder }: LiveCluster,
  sets: readonly string[],
): Promise<Roles> {
  const admin = (argv: readonly string[], input = '') =>
    say(tools.kubectl, [`--kubeconfig=${kubeconfig}`, ...argv], input);
  const values = flags(
    `rbac.claimNamespaces={${NAMESPACE}}`,
    'operatorMetricsBindAddress=0',
    'settings.debugBindAddress=0',
    `signDrivesImage=${SIGN_DRIVES_IMAGE}`,
    'csi.installationEnabled=true',
    'settings.drainTimeout=5s',
    'removalThrottlingEnabled=false', // Pace of removals: no matter of rights, and minutes for this fleet.
    ...sets,
  );
  const all = objectsOf(chartOf(tools.helm, OPERATOR_NAMESPACE).text(values));
  const isOfAccount = ({ kind, metadata }: Rendered): boolean =>
    /Role$/.test(kind) && /-(?:manager|claims)-role$/.test(metadata.name);
  const roles = all.filter(isOfAccount) as readonly Rendered[] as readonly Role[]; // As the API has them.
  const give = (lacks: readonly Lack[] = []): void => {
    const less = roles.map((role) => ({
      ...role,
      rules: role.rules.flatMap((granted) => lessOf(role, granted, lacks)),
    }));
    fine(admin(['apply', '-f', '-'], yaml(less)));
  };
  give();
  fine(admin(['apply', '-f', '-'], yaml(all.filter(({ kind }) => /RoleBinding$/.test(kind)))));
  const hasAccount = () => admin(['get', 'serviceaccount', ACCOUNT.name, '-n', ACCOUNT.namespace]).code === 0;
  await until(hasAccount, ACCOUNT_MS_MAX, () => `no account ${ACCOUNT.name}`);
  return {
    // Agents of the fleet have its image.
    env: { ...environmentOf(all), OPERATOR_IMAGE },
    kubeconfig: accountKubeconfig(tools.kubectl, kubeconfig, ACCOUNT, folder),
    give,
    kubectl: (...argv) => fine(admin(argv)),
  };
}

/** A rule stands in a role of its scope, under its reason: never in two. */
function lessOf({ kind, metadata }: Role, granted: Granted, lacks: readonly Lack[]): readonly Granted[] {
  const scope = kind === 'ClusterRole' ? 'cluster' : metadata.namespace === OPERATOR_NAMESPACE ? 'namespace' : 'claims';
  const gone: ReadonlySet<string> = new Set(
    lacks
      .filter(({ rule }) => rule.scope === scope && isSame(rule, granted))
      .flatMap(({ rule, verbs = verbsOf(rule) }) => verbs),
  );
  const verbs = granted.verbs.filter((verb) => !gone.has(verb));
  return verbs.length === 0 ? [] : [{ ...granted, verbs }];
}

const isSame = (rule: Rule, { apiGroups, resources, resourceNames = [], verbs }: Granted): boolean => {
  const name = rule.name === OWN_DEPLOYMENT ? DEPLOYMENT_NAME : (rule.name ?? '');
  return (
    apiGroups.join() === rule.group &&
    resources.join() === rule.resource &&
    resourceNames.join() === name &&
    verbs.join() === verbsOf(rule).join()
  );
};
