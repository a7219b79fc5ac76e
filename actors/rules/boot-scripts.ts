/** The ConfigMap that every pod mounts: its name, and what is said where the source is missing. Source: spec 02, 6.11. */

export const BOOT_SCRIPTS = 'weka-boot-scripts';
export const sourceMissing = (operatorNamespace: string): string =>
  `configmaps "${BOOT_SCRIPTS}" not found in namespace ${operatorNamespace}`;
