import { Type, type Static } from 'typebox';
import { EventContext } from './history.ts';
import { ProtectorMode } from './protector.ts';
import { Pid, Timestamp, Uid } from './scalars.ts';

export const ServerScope = Type.Enum(['user', 'system']);
export type ServerScope = Static<typeof ServerScope>;

/** One rung of the ladder of protection, whether this server stands on it, why, and what would change that. */
export const Rung = Type.Object(
  {
    layer: Type.Enum(['advisory', 'sentinel', 'confine', 'guard']),
    active: Type.Boolean(),
    why: Type.String(),
    fix: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);
export type Rung = Static<typeof Rung>;

export const ServerInfoParams = Type.Object(
  {
    protocolVersion: Type.Optional(
      Type.Integer({ minimum: 1, description: 'what the client speaks; another one than the server: error -32002' }),
    ),
  },
  { additionalProperties: false },
);
export type ServerInfoParams = Static<typeof ServerInfoParams>;

export const ServerInfo = Type.Object(
  {
    name: Type.Literal('omnid'),
    version: Type.String(),
    protocolVersion: Type.Integer({ minimum: 1 }),
    pid: Pid,
    uid: Uid,
    scope: ServerScope,
    socket: Type.String(),
    bootId: Type.String(),
    startedAt: Timestamp,
    rungs: Type.Array(Rung),
    /** Facts of the machine that decide what could be had, for `omnictl doctor`. */
    facts: Type.Array(
      Type.Object(
        { name: Type.String(), ok: Type.Boolean(), found: Type.String(), fix: Type.Optional(Type.String()) },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);
export type ServerInfo = Static<typeof ServerInfo>;

const Count = Type.Integer({ minimum: 0 });

export const ServerStatus = Type.Object(
  {
    version: Type.String(),
    pid: Pid,
    scope: ServerScope,
    uptimeMs: Count,
    generation: Count,
    activeLeases: Count,
    protectedProcesses: Count,
    events: Count,
    droppedEvents: Count,
    connections: Count,
    context: EventContext,
    swapTotalBytes: Type.Union([Count, Type.Null()]),
    rungs: Type.Array(Rung),
    store: Type.Object(
      { writable: Type.Boolean(), bytes: Count, why: Type.Optional(Type.String()) },
      { additionalProperties: false },
    ),
    protector: Type.Object({ mode: ProtectorMode, acting: Type.Boolean() }, { additionalProperties: false }),
  },
  { additionalProperties: false },
);
export type ServerStatus = Static<typeof ServerStatus>;
