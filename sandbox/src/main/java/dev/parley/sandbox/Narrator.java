package dev.parley.sandbox;

/** Who is told, in one line each, what happens to the stack. Called from several threads. */
@FunctionalInterface
public interface Narrator {
    void line(String text);

    static Narrator silent() {
        return text -> {};
    }
}
