export * from './call.ts'
export {
  type ConfigurationSources,
  type LoadedConfiguration,
  loadConfiguration,
} from './configuration/load.ts'
export * from './error-table.ts'
export * from './errors.ts'
export type { Component, ComponentHealth, Health } from './lifecycle/component.ts'
export { createLifecycle, type Lifecycle, type LifecycleOptions } from './lifecycle/lifecycle.ts'
export { type ProcessEvents, type RunOptions, runUntilSignal } from './lifecycle/run.ts'
export {
  createLogger,
  type LogFields,
  type Logger,
  type LoggerOptions,
  type LogLevel,
} from './logging/logger.ts'
export { describeError } from './logging/redaction.ts'
export type { CounterName, GaugeName, HistogramName, Labels } from './telemetry/metric-table.ts'
export {
  count,
  type GaugeSource,
  gauge,
  observe,
  type Reading,
  secondsSince,
} from './telemetry/metrics.ts'
export { answerMetrics, createMetricsServer, type MetricsServer } from './telemetry/metrics-server.ts'
export type { Exposition } from './telemetry/prometheus.ts'
export { type TelemetrySettings, telemetrySettings } from './telemetry/settings.ts'
export { activeTraceparent, inSpan, Span, type SpanOptions } from './telemetry/spans.ts'
export { startTelemetry, type Telemetry, type TelemetryOptions } from './telemetry/telemetry.ts'
export {
  type Authenticate,
  bearerAuthentication,
  OPERATOR,
  serviceAuthentication,
} from './transport/authentication.ts'
export type { ClientTls, PeerTls } from './transport/client-tls.ts'
export type { Context, Implementation, ServiceClient, ServiceDefinition } from './transport/definition.ts'
export { MAX_MESSAGE_BYTES, MAX_PEER_MESSAGE_BYTES } from './transport/grpc-channel.ts'
export { createGrpcClient, type GrpcClientOptions } from './transport/grpc-client.ts'
export {
  createGrpcServer,
  type GrpcServer,
  type GrpcServerOptions,
  type ServedService,
  serve,
} from './transport/grpc-server.ts'
export type { Serving } from './transport/health.ts'
export { createHealthProbe, type HealthProbe } from './transport/health-probe.ts'
export { createLocalClient, type LocalClientOptions } from './transport/local.ts'
export { onward } from './transport/onward.ts'
export { serviceUri } from './transport/peer-name.ts'
export { CertificateSource, type ServerTls } from './transport/server-tls.ts'
