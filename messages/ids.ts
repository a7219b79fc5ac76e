/** Branded identifiers, so that a pod's uid is never taken for a container's. No behaviour. */
declare const brand: unique symbol;
type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };

/** `metadata.uid` of a WekaContainer. One re-created under the same name has another one. */
export type ContainerUid = Brand<string, 'ContainerUid'>;
/** `metadata.uid` of a Pod. */
export type PodUid = Brand<string, 'PodUid'>;
/** `metadata.uid` of a WekaCluster. */
export type ClusterUid = Brand<string, 'ClusterUid'>;
/** `metadata.name` of a Node. */
export type NodeName = Brand<string, 'NodeName'>;
/** Number of one try: unique in the process, never reused, also not after a restart. */
export type Attempt = Brand<number, 'Attempt'>;
