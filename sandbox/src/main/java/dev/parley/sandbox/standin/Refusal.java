package dev.parley.sandbox.standin;

/** Ends an endpoint early with its answer. */
final class Refusal extends RuntimeException {
    private final transient Answer answer;

    Refusal(Answer answer) {
        super("answered " + answer.status(), null, false, false);
        this.answer = answer;
    }

    Answer answer() {
        return answer;
    }
}
