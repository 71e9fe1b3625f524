package dev.parley.ledger;

/** What Parley promises, cut into pieces that a judge can count. The number is the claim's in docs/reliability.md. */
enum Promise {
    STORED_ONCE(1, "every acknowledged event is stored exactly once"),
    UNACKNOWLEDGED_AT_MOST_ONCE(1, "every event that was never acknowledged is stored at most once"),
    PAYLOAD_AS_SENT(1, "what is stored is what was sent"),
    ANSWER_NAMES_TRACE(1, "every acknowledgement names the trace that is stored"),
    NOTHING_INVENTED(1, "nothing is stored that was not sent"),
    ONE_MESSAGE(2, "every stored message event has exactly one inbound message"),
    ONE_DECISION(2, "every inbound message has its decision"),
    ONE_REPLY(2, "every decision to answer has exactly one reply, every other none"),
    SENT_ONCE(2, "no reply reached the provider twice"),
    SENDS_RECORDED(2, "the provider's book and ours agree on every send"),
    MESSAGES_IN_ORDER(3, "messages of a contact are in order"),
    REPLIES_IN_ORDER(3, "decisions about a contact are in order"),
    SENDS_IN_ORDER(3, "replies reached a contact in order"),
    ONE_CONVERSATION(4, "one contact, one conversation"),
    NO_ORPHANS(4, "no row without its owner"),
    JOBS_ENDED(4, "every job is done, or failed with a reason"),
    NO_LEASE_LEFT(4, "no lease is left"),
    TRACES_COMPLETE(5, "every trace is complete");

    private final int claim;
    private final String words;

    Promise(int claim, String words) {
        this.claim = claim;
        this.words = words;
    }

    int claim() {
        return claim;
    }

    String words() {
        return words;
    }
}
