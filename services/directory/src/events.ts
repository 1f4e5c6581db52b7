import { defineEvents, type EventOf } from '@relais/event-log/events.ts'
import {
  AccountChanged,
  AccountCreated,
  AccountDeleted,
  AccountErased,
  AccountSettingsChanged,
  AccountStateChanged,
  AliasAdded,
  AliasRemoved,
  AppPasswordCreated,
  AppPasswordRevoked,
  CertificateAdded,
  CertificateRemoved,
  ClaimForfeited,
  DefaultTenantChosen,
  DomainAdded,
  DomainRemoved,
  NameClaimed,
  NameReleased,
  PasswordSet,
  PictureRemoved,
  PictureSet,
  PlatformSettingsChanged,
  TenantCreated,
  TenantSettingsChanged,
  TenantStateChanged,
} from '@relais/proto/directory/v1/events.ts'

/** Facts of the installation, of tenants and of accounts. */
export const directoryEvents = defineEvents({
  PlatformSettingsChanged: { version: 1, codec: PlatformSettingsChanged },
  TenantCreated: { version: 1, codec: TenantCreated },
  TenantSettingsChanged: { version: 1, codec: TenantSettingsChanged },
  TenantStateChanged: { version: 1, codec: TenantStateChanged },
  DefaultTenantChosen: { version: 1, codec: DefaultTenantChosen },
  DomainAdded: { version: 1, codec: DomainAdded },
  DomainRemoved: { version: 1, codec: DomainRemoved },
  AccountErased: { version: 1, codec: AccountErased },
  AccountCreated: { version: 1, codec: AccountCreated },
  AccountChanged: { version: 1, codec: AccountChanged },
  AccountStateChanged: { version: 1, codec: AccountStateChanged },
  AccountDeleted: { version: 1, codec: AccountDeleted },
  AliasAdded: { version: 1, codec: AliasAdded },
  AliasRemoved: { version: 1, codec: AliasRemoved },
  PasswordSet: { version: 1, codec: PasswordSet },
  AppPasswordCreated: { version: 1, codec: AppPasswordCreated },
  AppPasswordRevoked: { version: 1, codec: AppPasswordRevoked },
  AccountSettingsChanged: { version: 1, codec: AccountSettingsChanged },
  PictureSet: { version: 1, codec: PictureSet },
  PictureRemoved: { version: 1, codec: PictureRemoved },
  CertificateAdded: { version: 1, codec: CertificateAdded },
  CertificateRemoved: { version: 1, codec: CertificateRemoved },
  ClaimForfeited: { version: 1, codec: ClaimForfeited },
})

export type DirectoryEvent = EventOf<typeof directoryEvents>

/** Facts about who has a name: {@link CLAIMS_SERVICE}. */
export const claimEvents = defineEvents({
  NameClaimed: { version: 1, codec: NameClaimed },
  NameReleased: { version: 1, codec: NameReleased },
})

export type ClaimEvent = EventOf<typeof claimEvents>

export const DIRECTORY_SERVICE = 'directory'

/** A stream per name. No projection is made of them: they are read from the log where a claim meets another. */
export const CLAIMS_SERVICE = 'directory-claims'

/** The account part of a tenant's own stream, and the tenant part of the installation's streams. */
export const NOBODY = '-'
