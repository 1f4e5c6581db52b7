import type { Identity } from '@relais/service-kit'

/** Who calls where device-sync acts for itself, not for an account. */
export const SERVICE_IDENTITY: Identity = Object.freeze({
  tenant: '',
  actor: Object.freeze({ kind: 'service', id: 'device-sync', device: '' }),
  principal: '',
})
