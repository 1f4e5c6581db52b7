import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSpace, spaceOf, tenantOfSpace } from './space.ts'

test("a service's space in a tenant is told from the tenant, and from another service's", () => {
  const space = spaceOf('acme', 'directory')
  assert.equal(space, 'acme.directory')
  assert.deepEqual([isSpace(space), isSpace('acme'), isSpace('acme-directory')], [true, false, false])
  assert.equal(tenantOfSpace(space, 'directory'), 'acme')
  assert.equal(tenantOfSpace(space, 'mail'), undefined)
  assert.equal(tenantOfSpace('acme', 'directory'), undefined)
})
