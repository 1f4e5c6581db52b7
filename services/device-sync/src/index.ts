export { readTrustedCertificates } from './certificates/trusted-certificates.ts'
export { type EasEndpointConfig, easServerOptions } from './http/endpoint-config.ts'
export { createPhoneServer, type PhoneServer } from './http/phone-server.ts'
export { createDeviceSync, type DeviceSync, type DeviceSyncDeps, type LocalStore } from './service.ts'
