import type {
  DeepPartial,
  DirectoryServiceImplementation,
  SearchPeopleResponse,
} from '@relais/proto/directory/v1/directory.ts'
import type { Call } from '@relais/service-kit/call.ts'
import { peopleNamed } from '../queries/people.ts'
import { offsetOf, pageSizeOf, queryOf } from './bounds.ts'
import type { Parts } from './parts.ts'
import { requireMember } from './permissions.ts'

type Handlers = Pick<DirectoryServiceImplementation<Call>, 'searchPeople'>

/** The global address list: of the caller's own tenant alone. */
export const peopleCalls = ({ projector }: Pick<Parts, 'projector'>): Handlers => ({
  searchPeople: async (request, call): Promise<DeepPartial<SearchPeopleResponse>> => {
    requireMember(call, request.tenant)
    const offset = offsetOf(request.offset)
    const limit = pageSizeOf(request.limit)
    const people = await peopleNamed(projector.store, request.tenant, queryOf(request.query))
    return {
      people: people.slice(offset, offset + limit).map((person) => ({
        ...person,
        aliases: [...person.aliases],
        attributes: { ...person.attributes },
      })),
      total: people.length,
    }
  },
})
