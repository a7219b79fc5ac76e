/** What the modelled nodes themselves can tell of the demo: signed drives, loaded drivers. Their truth, not the controller's. Pure texts. */
import { NODES } from '../../../messages/kube.ts';
import type { PhysicalDrive } from '../world/node-model.ts';
import type { World } from '../world/world.ts';

/** Lines for the summary; none about what the fleet had from its start. */
export function toldByNodes(
  { nodes, distributorOf, store }: Pick<World, 'nodes' | 'distributorOf' | 'store'>,
  driversUrl?: string,
): readonly string[] {
  const all = [...nodes.values()];
  const drives = all.flatMap((node) => [...node.drives.values()]);
  const [own, shared] = [drives.filter(signed('exclusive')), drives.filter(signed('proxy'))];
  const pieces = shared.flatMap(({ virtualDrives }) => [...virtualDrives.values()]);
  const inUse = [...own, ...pieces].filter(({ heldAs }) => heldAs !== undefined).length;
  const cut = shared.length === 0 ? '' : `, ${shared.length} to be shared, cut into ${pieces.length} pieces`;
  const loaded = all.filter(({ drivers }) => drivers !== undefined);
  const images = [...new Set(loaded.map(({ drivers }) => drivers))].join(', ');
  const pod = driversUrl === undefined ? undefined : distributorOf(driversUrl);
  const source = pod === undefined ? 'a service outside of the fleet' : `${pod}, to which the builder gave them`;
  const accessible = labelledForCsi(store);
  return [
    'What the nodes say',
    `  ${own.length} drives are signed for one container each${cut}; ${inUse} are in use`,
    `  ${loaded.length} nodes have loaded drivers of ${images || 'no image'} from ${source}`,
    ...(accessible === 0
      ? []
      : [`  ${accessible} nodes are labelled for CSI: volumes of the cluster can be used there`]),
  ];
}

/** Nodes on which a CSI driver says that volumes can be used. Source: spec 08, 2. */
export const labelledForCsi = (store: Pick<World['store'], 'all'>): number =>
  store.all(NODES).filter(({ metadata }) => isAccessible(metadata.labels ?? {})).length;
const isAccessible = (labels: Readonly<Record<string, string>>): boolean =>
  Object.entries(labels).some(([key, value]) => /^topology\..*\/accessible$/.test(key) && value === 'true');

const signed =
  (use: PhysicalDrive['signedFor']) =>
  ({ signedFor }: PhysicalDrive): boolean =>
    signedFor === use;
