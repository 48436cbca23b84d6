import { readFileSync } from 'node:fs';
import type { ServerInfo, ServerInfoParams, ServerStatus } from '#protocol/server.ts';
import { protocolVersion } from '#protocol/version.ts';
import { ProtocolError } from '#protocol/errors.ts';
import { readMemory } from '#linux/memory.ts';
import type { ServerContext } from '../context.ts';
import { JsonText } from '../dispatch.ts';
import { momentContext } from '../moment.ts';
import { openRpcFile } from '../package-files.ts';
import { readFacts, readRungs } from '../rungs.ts';
import { clock } from '../machine.ts';

/** server.* and rpc.discover: who answers, and how it does. */
export class ServerHandlers {
  readonly #context: ServerContext;
  #document: JsonText | undefined;

  constructor(context: ServerContext) {
    this.#context = context;
  }

  info(params: ServerInfoParams): ServerInfo {
    const { identity, bootId } = this.#context;
    if (params.protocolVersion !== undefined && params.protocolVersion !== protocolVersion) {
      throw new ProtocolError(
        'unsupportedProtocol',
        `this omnid (${identity.version}) speaks protocol ${String(protocolVersion)}, and not ${String(params.protocolVersion)}`,
        { protocolVersion },
      );
    }
    return {
      name: 'omnid',
      version: identity.version,
      protocolVersion,
      pid: process.pid,
      uid: process.getuid?.() ?? 0,
      scope: identity.scope,
      socket: identity.socket,
      bootId,
      startedAt: identity.startedAt,
      rungs: readRungs(this.#context),
      facts: readFacts(),
    };
  }

  status(): ServerStatus {
    const { identity, registry, store, startedMs } = this.#context;
    const { table } = registry;
    const failure = store.failure;
    return {
      version: identity.version,
      pid: process.pid,
      scope: identity.scope,
      uptimeMs: Math.round(clock.monotonicMs() - startedMs),
      generation: table.protectedSet.generation,
      activeLeases: table.size,
      protectedProcesses: table.members.size,
      events: store.eventCount,
      droppedEvents: store.droppedCount,
      connections: this.#context.connectionCount(),
      context: momentContext(),
      swapTotalBytes: readMemory().swapTotalBytes,
      rungs: readRungs(this.#context),
      store: {
        writable: failure === undefined,
        bytes: store.usedBytes(),
        ...(failure === undefined ? {} : { why: failure.message }),
      },
      protector: { mode: this.#context.protector.mode, acting: this.#context.protector.acting },
    };
  }

  discover(): JsonText {
    this.#document ??= new JsonText(JSON.stringify(JSON.parse(readFileSync(openRpcFile(), 'utf8'))));
    return this.#document;
  }
}
