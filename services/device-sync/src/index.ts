export { type EasEndpointConfig, easServerOptions } from './http/endpoint-config.ts'
export { createDeviceSync, type DeviceSync, type DeviceSyncDeps, type LocalStore } from './service.ts'
