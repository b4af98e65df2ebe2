/** What a router counted: requests and failures per arm, and users where it knows them. */

export interface ArmCounts {
  readonly requests: number
  /** Answers of 500 and above, those of the router itself included. */
  readonly serverErrors: number
  /** Quantiles since the weight was last set; left out where nothing was measured. */
  readonly latency?: { readonly p50Ms: number; readonly p95Ms: number; readonly count: number }
}

export interface RouterCounts {
  readonly baseline: ArmCounts
  readonly canary: ArmCounts
  /**
   * Distinct users per arm since the weight was last set, up to a limit; left out where the router
   * does not know them.
   */
  readonly users?: { readonly baseline: number; readonly canary: number }
  /** Counts of two incarnations cannot be compared. */
  readonly incarnation: string
}
