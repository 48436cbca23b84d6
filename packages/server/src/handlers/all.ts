import { Judge, type ServerContext } from '../context.ts';
import { HistoryHandlers } from './history.ts';
import { LeaseHandlers } from './lease.ts';
import { ProcessHandlers } from './process.ts';
import { ProtectionHandlers } from './protection.ts';
import { ProtectorHandlers } from './protector.ts';
import { ServerHandlers } from './server.ts';
import type { Handlers } from './table.ts';

/** Each method of the table, and what answers it. */
export function allHandlers(context: ServerContext): Handlers {
  const judge = new Judge(context);
  const server = new ServerHandlers(context);
  const lease = new LeaseHandlers(context);
  const protection = new ProtectionHandlers(context, judge);
  const process = new ProcessHandlers(context, judge);
  const protector = new ProtectorHandlers(context);
  const history = new HistoryHandlers(context);
  return {
    'rpc.discover': () => server.discover(),
    'server.info': (params) => server.info(params),
    'server.status': () => server.status(),
    'lease.register': (params, session) => lease.register(params, session),
    'lease.renew': (params, session) => lease.renew(params, session),
    'lease.release': (params, session) => lease.release(params, session),
    'lease.get': (params, session) => lease.get(params, session),
    'lease.list': (params, session) => lease.list(params, session),
    'protection.check': (params, session) => protection.check(params, session),
    'protection.snapshot': (params) => protection.snapshot(params),
    'protection.rules': () => protection.rules(),
    'protection.subscribe': (_params, session) => protection.subscribe(session),
    'protection.unsubscribe': (params, session) => protection.unsubscribe(params, session),
    'process.terminate': (params, session) => process.terminate(params, session),
    'process.explain': (params, session) => process.explain(params, session),
    'history.query': (params, session) => history.query(params, session),
    'history.subscribe': (params, session) => history.subscribe(params, session),
    'history.unsubscribe': (params, session) => history.unsubscribe(params, session),
    'protector.status': () => protector.status(),
    'protector.plan': () => protector.plan(),
    'protector.setMode': (params, session) => protector.setMode(params, session),
  };
}
