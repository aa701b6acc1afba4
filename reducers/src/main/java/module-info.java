/** Token reduction: which tokens go, which merge. */
module leanvit.reducers {
    requires transitive leanvit.kernels;

    exports leanvit.reducers;
}
