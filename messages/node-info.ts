/** What is known of a node's system: the record of `weka.io/discovery.json`, enriched on use. Source: spec 01, 13.4; spec 06, 6.7. */
export interface NodeInfo {
  readonly is_ht?: boolean;
  readonly kubernetes_distro?: string;
  readonly os?: string;
  readonly os_build_id?: string;
  readonly boot_id?: string;
  readonly schema?: number;
  readonly init_container_image?: string;
  readonly num_cpus?: number;
  readonly provider?: string;
}
