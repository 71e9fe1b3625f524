package dev.parley.ledger;

/**
 * How a run ended.
 *
 * @param text for people: what happened, what was measured, the judge's table
 */
record Outcome(Judgement judgement, String text) {}
