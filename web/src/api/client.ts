/** The hub's REST API as functions. */
import type { Action, EventView, ObjectDetail, Problem } from "./types";

/** A refused or failed request, with a text for people. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }
}

/** The path of an object: its id is already made of path segments, which may hold characters to escape. */
export function objectPath(id: string): string {
  return `/api/v1/objects/${id.split("/").map(encodeURIComponent).join("/")}`;
}

async function request<T>(path: string, init?: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...init });
  } catch {
    throw new ApiError(0, "The hub does not answer.");
  }
  if (!response.ok) throw new ApiError(response.status, await problemText(response));
  return (await response.json()) as T;
}

async function problemText(response: Response): Promise<string> {
  try {
    return ((await response.json()) as Problem).detail;
  } catch {
    return `The hub answered ${response.status} ${response.statusText}.`;
  }
}

/** One object in full. */
export function fetchObject(id: string, signal: AbortSignal): Promise<ObjectDetail> {
  return request<ObjectDetail>(objectPath(id), { signal });
}

/** Events about an object, newest first. */
export function fetchEvents(id: string, signal: AbortSignal): Promise<EventView[]> {
  return request<EventView[]>(`${objectPath(id)}/events`, { signal });
}

/** Reconciles, suspends or resumes an object. */
export async function act(id: string, action: Action): Promise<void> {
  await request<unknown>(`${objectPath(id)}/actions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ action }),
  });
}
