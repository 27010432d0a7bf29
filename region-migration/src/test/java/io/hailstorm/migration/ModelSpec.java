package io.hailstorm.migration;

/**
 * A protocol as a state machine, to be explored state by state. Independent of the production classes; the actions bear
 * the names they have in {@code docs/spec}.
 *
 * @param <S> a state; mutable, so that an action copies one and changes the copy
 */
interface ModelSpec<S> {
    /** Longs that hold any state. */
    int wordCount();

    S initial();

    void pack(S state, ModelBits bits);

    S unpack(ModelBits bits);

    /** Every action that is enabled. */
    void actions(S state, Steps<S> steps);

    /** The invariant that the state breaks, in words; empty when it breaks none. */
    String broken(S state);

    /** What L1 wants in the end: nothing is under way. */
    boolean isSettled(S state);

    /** For a trace. */
    String describe(S state);

    /** Takes the actions that are enabled in one state. */
    interface Steps<S> {
        /**
         * @param isFair whether it is taken in the end, by someone, as long as it is enabled; what clients, operators and
         *     faults do is not
         * @param a written behind the name in a trace, as is b; negative is left out
         */
        void take(String action, int a, int b, boolean isFair, S next);
    }
}
