/**
 * What the init containers run. Constant texts: no value of any object is ever part of one. Nothing here is the
 * reference's text, the effects are. Source: spec 04, 9.
 */

/** Copies the distribution of the image it runs in to the volume it shares with the loader. Any failure fails the container. */
export const COPY_WEKA_FILES = [
  'set -e',
  'mkdir -p /shared-weka-version-data/dist',
  'cp -r /opt/weka/dist/* /shared-weka-version-data/dist/',
  'echo "weka files copied"',
].join('\n');

/** The kernel module that igb_uio builds on; the pod must not start without it. */
export const LOAD_UIO = ['set -e', 'modprobe uio', "lsmod | grep -q '^uio '"].join('\n');

/** Kernel sources and modules of the toolkit image, for the builder. Links point into the toolkit image, so they are followed. */
export const COPY_DRIVER_TOOLKIT = [
  'set -e',
  'mkdir -p /driver-toolkit-shared/lib /driver-toolkit-shared/usr',
  'cp -RLf /usr/src /driver-toolkit-shared/usr/',
  'cp -RLf /lib/modules /driver-toolkit-shared/lib/',
].join('\n');

/** Tells by a marker file how it went and never fails the pod: telemetry is optional. */
export const INSTALL_OTEL_PACKAGES = [
  'target=/shared-python-packages',
  'if pip install --no-cache-dir --target "$target" \\',
  "    'opentelemetry-api>=1.20' \\",
  "    'opentelemetry-sdk>=1.20' \\",
  "    'opentelemetry-exporter-otlp-proto-grpc>=1.20' \\",
  "    'opentelemetry-semantic-conventions>=0.41b0'; then",
  '  touch "$target/.otel-packages-installed"',
  'else',
  '  touch "$target/.otel-packages-failed"',
  'fi',
  'exit 0',
].join('\n');
