package leanvit.vit;

import java.util.Objects;
import java.util.concurrent.Executor;
import leanvit.reducers.TokenReducer;
import leanvit.vit.image.PictureLimits;

/** How a {@link Classifier} runs its model: all that {@code with} can change. The executor may be null. */
record CallManner(TokenReducer reducer, Executor executor, int threads, PictureLimits pictures, CallLimits calls,
        CallListener listener) {

    CallManner {
        Objects.requireNonNull(reducer, "reducer");
        Objects.requireNonNull(pictures, "limits");
        Objects.requireNonNull(calls, "limits");
        Objects.requireNonNull(listener, "listener");
    }

    CallManner with(TokenReducer other) {
        return new CallManner(other, executor, threads, pictures, calls, listener);
    }

    CallManner with(Executor other, int number) {
        return new CallManner(reducer, Objects.requireNonNull(other, "executor"), number, pictures, calls, listener);
    }

    CallManner with(PictureLimits other) {
        return new CallManner(reducer, executor, threads, other, calls, listener);
    }

    CallManner with(CallLimits other) {
        return new CallManner(reducer, executor, threads, pictures, other, listener);
    }

    CallManner with(CallListener other) {
        return new CallManner(reducer, executor, threads, pictures, calls, other);
    }
}
