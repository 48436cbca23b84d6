import type { Command } from 'commander';
import type { Context } from './context.ts';

/** A verb's work. @returns the exit code */
export type Verb<Args extends readonly unknown[]> = (context: Context, ...args: Args) => Promise<number>;

/** What commander calls: the verb's arguments, then its options, then the command itself. */
export type Action = (...args: unknown[]) => Promise<void>;

/** Ties a verb's work to the command line: gives it its context, and keeps its exit code. */
export type Bind = <Args extends readonly unknown[]>(verb: Verb<Args>) => Action;

/** Describes one verb to commander: arguments, options, help. Each file in commands/ has one. */
export type Define = (command: Command, bind: Bind) => void;
