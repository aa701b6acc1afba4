import leanvit.reducers.DTps;
import leanvit.reducers.ETps;
import leanvit.reducers.EVit;
import leanvit.reducers.KthBipartite;
import leanvit.reducers.Ltmp;
import leanvit.reducers.None;
import leanvit.reducers.Pomt;
import leanvit.reducers.RandomBipartite;
import leanvit.reducers.ReducerMethod;
import leanvit.reducers.ToMe;
import leanvit.reducers.TopK;

/** Token reduction: which tokens go, which merge. */
module leanvit.reducers {
    requires transitive leanvit.kernels;

    exports leanvit.reducers;

    uses ReducerMethod;

    provides ReducerMethod with None.Method, ToMe.Method, Ltmp.Method, ETps.Method, DTps.Method, EVit.Method,
            TopK.Method, Pomt.Method, KthBipartite.Method, RandomBipartite.Method;
}
