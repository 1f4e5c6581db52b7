import type { Person } from '@relais/proto/directory/v1/directory.ts'
import type { TagName } from '../wbxml/code-pages.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'

const attribute = (tag: TagName, value: string | undefined): WbxmlNode | false =>
  value !== undefined && value !== '' && el(tag, value)

const localPart = (address: string): string => address.slice(0, address.lastIndexOf('@'))

/**
 * A person of the address list (MS-ASCMD 2.2.3.42, page Gal). FirstName is there also where it is empty: Nokia's client wants it.
 * `picture`: where one was asked for.
 */
export const personElements = (
  { address, displayName, attributes }: Person,
  picture: WbxmlNode | false,
): readonly WbxmlNode[] =>
  [
    el('gal:DisplayName', displayName || address),
    attribute('gal:Phone', attributes.phone),
    attribute('gal:Office', attributes.office),
    attribute('gal:Title', attributes.title),
    attribute('gal:Company', attributes.company),
    el('gal:Alias', attributes.alias || localPart(address)),
    el('gal:FirstName', attributes.firstName || null),
    attribute('gal:LastName', attributes.lastName),
    attribute('gal:HomePhone', attributes.homePhone),
    attribute('gal:MobilePhone', attributes.mobilePhone),
    el('gal:EmailAddress', address),
    picture,
  ].filter((element) => element !== false)
