/** The hub's event stream: opens it, applies what comes to the store, and says how the connection is. */
import type { DeltaMessage, HeartbeatMessage, SnapshotMessage } from "../api/types";
import { FleetStore } from "../tree/store";
import { SILENCE_MS } from "./freshness";
import type { Connection } from "./freshness";

const STREAM_PATH = "/api/v1/stream";
const RETRY_MS = 3_000;
/** How often listeners are told that time passes. */
const CLOCK_MS = 1_000;
const UNAUTHORIZED = 401;

/** What listeners see; a new object whenever something changed. */
export interface LiveView {
  store: FleetStore;
  version: number;
  connection: Connection;
  /** This page's clock, which moves on even when nothing arrives. */
  now: number;
  /** Hub's clock minus this page's clock, in milliseconds. */
  clockSkew: number;
}

/** The live fleet: subscribe to it, look at `view`. */
export class LiveStream {
  private readonly store = new FleetStore();
  private readonly listeners = new Set<() => void>();
  private source: EventSource | null = null;
  private retry: number | undefined;
  private clock: number | undefined;
  private lastMessageAt: number | null = null;
  private clockSkew = 0;
  private connection: Connection = { state: "connecting" };
  private current: LiveView;

  constructor() {
    this.current = this.look();
  }

  /** The view of the moment; the same object until something changes. */
  view = (): LiveView => this.current;

  /** Calls back at every change; the stream is open while anybody listens. */
  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    if (this.listeners.size === 1) this.start();
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.stop();
    };
  };

  private start(): void {
    this.open();
    this.clock = window.setInterval(() => this.tick(), CLOCK_MS);
  }

  private stop(): void {
    window.clearInterval(this.clock);
    window.clearTimeout(this.retry);
    this.source?.close();
    this.source = null;
  }

  private open(): void {
    window.clearTimeout(this.retry);
    this.source?.close();
    const source = new EventSource(STREAM_PATH);
    this.source = source;
    source.addEventListener("snapshot", (event) => {
      const message = JSON.parse(event.data as string) as SnapshotMessage;
      this.store.applySnapshot(message);
      this.heard(message.now);
    });
    source.addEventListener("delta", (event) => {
      const message = JSON.parse(event.data as string) as DeltaMessage;
      this.store.applyDelta(message);
      this.heard(message.now);
    });
    source.addEventListener("heartbeat", (event) => {
      const message = JSON.parse(event.data as string) as HeartbeatMessage;
      this.store.applyClusters(message.clusters);
      this.heard(message.now);
    });
    source.onerror = () => this.failed(source);
  }

  private heard(hubNow: number): void {
    const now = Date.now();
    this.lastMessageAt = now;
    this.clockSkew = hubNow - now;
    this.connection = { state: "live", lastMessageAt: now };
    this.publish();
  }

  /** The browser reconnects by itself, with the last event id, unless the hub refused. */
  private failed(source: EventSource): void {
    this.markBroken();
    if (source.readyState === EventSource.CLOSED) void this.reopen();
  }

  private markBroken(): void {
    if (this.connection.state !== "broken" && this.connection.state !== "signedOut") {
      this.connection = { state: "broken", since: Date.now(), lastMessageAt: this.lastMessageAt };
    }
    this.publish();
  }

  private async reopen(): Promise<void> {
    try {
      const answer = await fetch("/api/v1/clusters", { credentials: "same-origin" });
      if (answer.status === UNAUTHORIZED) {
        this.connection = { state: "signedOut" };
        this.publish();
        return;
      }
    } catch {
      // Not reachable: the next try will tell.
    }
    if (this.listeners.size > 0) this.retry = window.setTimeout(() => this.open(), RETRY_MS);
  }

  private tick(): void {
    const silent = this.lastMessageAt !== null && Date.now() - this.lastMessageAt > SILENCE_MS;
    if (this.connection.state === "live" && silent) {
      this.markBroken();
      this.open();
    }
    this.publish();
  }

  private look(): LiveView {
    const { store, connection, clockSkew } = this;
    return { store, version: store.version, connection, now: Date.now(), clockSkew };
  }

  private publish(): void {
    this.current = this.look();
    for (const listener of this.listeners) listener();
  }
}
