import { terminal } from '@relais/service-kit/errors.ts'
import type { Session } from './session.ts'

/** Of the tables and the function; in the table `log`. */
const FORMAT = 1

/** Any number that nobody else locks: who makes tables does it alone. */
const MAKING = 7_226_519_048

/**
 * Names are kept once and commits carry numbers, so that the three indexes stay narrow. Each ends with the position, and each
 * filter is one range of an index or a few: log-reader.ts.
 */
const tables = (schema: string) => `
  CREATE TABLE ${schema}.log (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    format integer NOT NULL,
    last bigint NOT NULL
  ) WITH (fillfactor = 20);
  CREATE TABLE ${schema}.tenants (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE
  );
  CREATE TABLE ${schema}.services (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE
  );
  CREATE TABLE ${schema}.streams (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant integer NOT NULL REFERENCES ${schema}.tenants,
    account text COLLATE "C" NOT NULL,
    service integer NOT NULL REFERENCES ${schema}.services,
    UNIQUE (account, tenant, service)
  );
  CREATE TABLE ${schema}.commits (
    position bigint PRIMARY KEY,
    stream bigint NOT NULL,
    tenant integer NOT NULL,
    service integer NOT NULL,
    appended bigint NOT NULL,
    record bytea NOT NULL
  );
  CREATE INDEX commits_by_stream ON ${schema}.commits (stream, position);
  CREATE INDEX commits_by_tenant ON ${schema}.commits (tenant, service, position);
  CREATE INDEX commits_by_service ON ${schema}.commits (service, position);
  CREATE TABLE ${schema}.commands (
    stream bigint NOT NULL,
    id text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    appended bigint NOT NULL,
    PRIMARY KEY (stream, id)
  );
  CREATE INDEX commands_by_time ON ${schema}.commands (appended);
  INSERT INTO ${schema}.log (format, last) VALUES (${FORMAT}, 0);`

/** How an append ended: appended, known already, in conflict. */
export const APPENDED = 0
export const REPEATED = 1
export const CONFLICT = 2

/**
 * Appends a group in one transaction, which is this one statement. The first UPDATE locks the log's only row until the commit is on
 * disk (and on the standby) and visible, so that positions become visible in their order: no reader ever skips one. Positions
 * that were taken for what is known already or in conflict are gaps. Every later statement in it sees what the one before it in the lock did.
 */
const appendFunction = (schema: string) => `
  CREATE FUNCTION ${schema}.append(
    p_tenants text[], p_accounts text[], p_services text[], p_ids text[], p_expected bigint[],
    p_lengths integer[], p_records bytea, p_now bigint, p_expiry bigint
  ) RETURNS TABLE (at bigint, outcome integer) LANGUAGE plpgsql SET search_path = ${schema}, pg_temp AS $$
  DECLARE
    v_count integer := cardinality(p_ids);
    v_next bigint;
    v_from integer := 1;
    v_made boolean := false;
    v_stream bigint;
    v_tenant integer;
    v_service integer;
    v_known bigint;
    v_head bigint;
  BEGIN
    UPDATE log SET last = last + v_count RETURNING last - v_count INTO v_next;
    FOR i IN 1 .. v_count LOOP
      SELECT s.id, s.tenant, s.service INTO v_stream, v_tenant, v_service
        FROM tenants t JOIN services v ON v.name = p_services[i]
        JOIN streams s ON s.account = p_accounts[i] AND s.tenant = t.id AND s.service = v.id
        WHERE t.name = p_tenants[i];
      IF NOT FOUND THEN
        INSERT INTO tenants (name) VALUES (p_tenants[i]) ON CONFLICT DO NOTHING;
        INSERT INTO services (name) VALUES (p_services[i]) ON CONFLICT DO NOTHING;
        SELECT t.id, v.id INTO v_tenant, v_service FROM tenants t, services v
          WHERE t.name = p_tenants[i] AND v.name = p_services[i];
        INSERT INTO streams (tenant, account, service) VALUES (v_tenant, p_accounts[i], v_service)
          RETURNING streams.id INTO v_stream;
      END IF;
      SELECT k.position INTO v_known FROM commands k
        WHERE k.stream = v_stream AND k.id = p_ids[i] AND k.appended >= p_expiry;
      IF FOUND THEN
        at := v_known;
        outcome := ${REPEATED};
      ELSE
        IF p_expected[i] IS NULL THEN
          v_head := NULL;
        ELSE
          SELECT coalesce(max(c.position), 0) INTO v_head FROM commits c WHERE c.stream = v_stream;
        END IF;
        IF v_head <> p_expected[i] THEN
          at := v_head;
          outcome := ${CONFLICT};
        ELSE
          v_next := v_next + 1;
          INSERT INTO commits VALUES (v_next, v_stream, v_tenant, v_service, p_now,
            substring(p_records FROM v_from FOR p_lengths[i]));
          INSERT INTO commands AS k VALUES (v_stream, p_ids[i], v_next, p_now)
            ON CONFLICT (stream, id) DO UPDATE SET position = excluded.position, appended = excluded.appended;
          v_made := true;
          at := v_next;
          outcome := ${APPENDED};
        END IF;
      END IF;
      v_from := v_from + p_lengths[i];
      RETURN NEXT;
    END LOOP;
    IF v_made THEN
      PERFORM pg_notify('${schema}', v_next::text);
    END IF;
  END $$;`

/**
 * Erases a part of an account. What is left at the end, its streams, goes while nobody appends: an append that found a stream would
 * otherwise write to one that is gone.
 */
const eraseFunction = (schema: string) => `
  CREATE FUNCTION ${schema}.erase(p_tenant text, p_account text, p_up_to bigint, p_limit integer)
  RETURNS TABLE (erased bigint, done boolean) LANGUAGE plpgsql SET search_path = ${schema}, pg_temp AS $$
  DECLARE
    v_streams bigint[];
    v_commands bigint;
  BEGIN
    SELECT coalesce(array_agg(s.id), '{}') INTO v_streams FROM streams s JOIN tenants t ON t.id = s.tenant
      WHERE s.account = p_account AND t.name = p_tenant;
    DELETE FROM commits c WHERE c.position IN (
      SELECT d.position FROM commits d WHERE d.stream = ANY (v_streams) AND d.position <= p_up_to LIMIT p_limit);
    GET DIAGNOSTICS erased = ROW_COUNT;
    DELETE FROM commands k WHERE k.stream = ANY (v_streams) AND (k.stream, k.id) IN (
      SELECT d.stream, d.id FROM commands d WHERE d.stream = ANY (v_streams) AND d.position <= p_up_to LIMIT p_limit);
    GET DIAGNOSTICS v_commands = ROW_COUNT;
    done := erased < p_limit AND v_commands < p_limit;
    IF done THEN
      PERFORM 1 FROM log FOR UPDATE;
      DELETE FROM streams s WHERE s.id = ANY (v_streams)
        AND NOT EXISTS (SELECT 1 FROM commits c WHERE c.stream = s.id);
    END IF;
    RETURN NEXT;
  END $$;`

/** One statement: there is no other way to send several in one round trip and one transaction. */
const making = (schema: string) => `
  DO $making$
  BEGIN
    PERFORM pg_advisory_xact_lock(${MAKING});
    IF to_regnamespace('${schema}') IS NULL THEN
      CREATE SCHEMA ${schema};
    END IF;
    IF to_regclass('${schema}.log') IS NULL THEN
      ${tables(schema)}
      ${appendFunction(schema)}
      ${eraseFunction(schema)}
    END IF;
  END $making$`

/** Makes the tables where there are none. Errors: LOG_FORMAT_NEWER (terminal), the driver's. */
export const makeTables = async (session: Session, schema: string): Promise<void> => {
  await session.query({ text: making(schema) })
  const rows = await session.query<{ format: number }>({ text: `SELECT format FROM ${schema}.log` })
  const format = rows[0]?.format ?? 0
  if (format > FORMAT)
    throw terminal('LOG_FORMAT_NEWER', `the event log has format ${format}, this program knows ${FORMAT}`)
}
