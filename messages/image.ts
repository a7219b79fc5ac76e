/** What is said about one container image: its feature flags, fetched once and shared. Source: spec 06, 6.8. */
import type { ContainerUid } from './ids.ts';

/** Missing members count as false. */
export interface FeatureFlags {
  readonly traces_override_partial_support?: boolean;
  readonly traces_override_in_slash_traces?: boolean;
  readonly supports_binding_to_not_all_interfaces?: boolean;
  readonly agent_validate_60_ports_per_container?: boolean;
  readonly allow_per_container_driver_interface?: boolean;
  readonly weka_get_copy_local_driver_files?: boolean;
  readonly driver_supports_auto_drain?: boolean;
  readonly ssd_proxy_iommu_support?: boolean;
  /** What the runtime writes instead of the fifth (V7). Only there when it is true. */
  readonly allow_per_container_driver_interfaces?: true;
}

/** From: scripts of containers. `uid` lends image pull secret, node and tolerations to a helper, if one is needed. */
export interface ImageAsk {
  readonly kind: 'flags';
  readonly image: string;
  readonly uid: ContainerUid;
}
/** Answered at once; whoever was told `pending` is told to look again when the flags are known. */
export type ImageAnswer =
  | { readonly kind: 'known'; readonly flags: FeatureFlags }
  | { readonly kind: 'pending' }
  | { readonly kind: 'failed'; readonly reason: string };

/** From: callers (`asked`), the router (`lookAgain`: its helper changed), its worker (`ended`), the clock (`retryDue`). */
export type ImageMessage =
  | { readonly kind: 'asked'; readonly ask: ImageAsk; readonly answer: (answer: ImageAnswer) => void }
  | { readonly kind: 'lookAgain' }
  | {
      readonly kind: 'ended';
      readonly attempt: number;
      readonly flags: FeatureFlags | undefined;
      readonly failure: string | undefined;
    }
  | { readonly kind: 'retryDue'; readonly attempt: number };
