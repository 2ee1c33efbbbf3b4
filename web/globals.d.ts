// What the scripts of this folder hand one another, and what pages see of them. Nothing here is served.

type Interval = { time: number };
type Point = { x: number; y: number; time: number };
type Contact = Point & { type: "start" | "move" | "end"; force: number };

/** What a recording holds: kinds, times (ms, as `Date.now`) and places (CSS px); the newest of each kind. */
interface Interactions {
  mouseMovements: Point[];
  keyPresses: Interval[];
  scrollEvents: { scrollTop: number; time: number }[];
  /** When each field was first touched; `field` is its place in the form. */
  formInteractions: { field: number; time: number }[];
  touchEvents: Contact[];
  penEvents: Contact[];
  mouseClicks: (Point & { type: "down" | "up" })[];
  focusEvents: { type: "focus" | "blur"; time: number }[];
  visibilityEvents: { state: string; time: number }[];
}

/** The newest entries of a kind. */
interface Ring<T> {
  push(entry: T): void;
  list(): T[];
  readonly length: number;
}

interface Snapshot {
  interactions: Interactions;
  /** Of the recording, in ms. */
  duration: number;
  userAgent: string;
  viewport: { width: number; height: number };
  /** When the recording began, as `Date.now`. */
  loadTimestamp: number;
  /** How many fields the form has. */
  formLength: number;
  /** Signs of automation. They add weight and decide nothing. */
  marks: Record<string, boolean | number>;
  /** Was a field filled in that no person sees? */
  honeypot: boolean;
  hostname: string;
}

interface Recording {
  snapshot(): Snapshot;
  /** From here on `form` is the one whose fields are counted. */
  watch(form: HTMLFormElement): void;
  /** Was anything recorded yet that a person does? */
  touched(): boolean;
  stop(): void;
}

interface Collector {
  start(options?: { root?: Document | Element; form?: HTMLFormElement | null }): Recording;
}

interface Puzzles {
  kind: "hash" | "memory";
  seed: string;
  range: number;
  targets: string[];
}

interface Solved {
  solutions: number[];
  ms: number;
  by: string;
}

interface Solver {
  /** `onProgress` gets the share that is done, 0 to 1. */
  solve(
    puzzles: Puzzles,
    options: { base: string; onProgress?: (share: number) => void; signal?: AbortSignal },
  ): Promise<Solved>;
}

interface CaptchaConfig {
  /** The site key; the one of the host that serves the script where none is given. */
  publicKey?: string;
  /** Every form that is posted gets a token. */
  autoIntercept?: boolean;
  /** A word for what the form does; it comes back in the token. */
  action?: string;
  /** Adds digests of canvas, WebGL, fonts and plugins. */
  fingerprint?: boolean;
  /** Where the service is; else where the script came from. */
  base?: string;
  /** A form is held this long at most, in ms; then it goes without a token. */
  timeout?: number;
}

/** A refusal, or a server that cannot be reached. */
interface CaptchaError extends Error {
  /** The first of the codes. */
  code: string;
  codes: string[];
}

interface Captcha {
  /** The last token, "" before there is one. */
  token: string;
  /** A new token. Rejects with a {@link CaptchaError}. */
  executeAsync(options?: { action?: string; form?: HTMLFormElement }): Promise<string>;
  /** Fetches a ticket and does its work ahead of `executeAsync`; never rejects. */
  prepare(onProgress?: (share: number) => void): Promise<void>;
  /** Ends the recording until a token is asked for again; forms are left alone. */
  stop(): void;
  /** Forgets token, ticket and recording. */
  reset(): void;
}

/** What the element asks of a captcha, and pages should not. */
interface CaptchaInside extends Captcha {
  _slot: object | null;
  _record(): Recording;
  /** Puts a token where it leaves with `form`; "" takes it away. */
  _put: (form: HTMLFormElement, token: string) => void;
  /** Hears `touched`, `working`, `verified`, `failed`, `expired` in the form's place. */
  _told: ((state: string, detail: any) => void) | null;
}

interface CaptchaClass {
  new (config?: CaptchaConfig): CaptchaInside;
  /** Where the script came from; requests go there. */
  readonly base: string;
  /** Lets `captcha` look after `form`; nobody, where it is null. */
  adopt(form: HTMLFormElement, captcha: any): void;
  /** How long a token holds from now, in ms. */
  lifetime(token: string): number;
}

declare var palisadeCollect: Collector;
declare var palisadeWork: Solver;
declare var AICaptcha: CaptchaClass;
