package leanvit.app.eval;

import java.util.OptionalInt;

/**
 * What a reducer made of some pictures.
 *
 * @param reducer         its SPEC
 * @param images          pictures
 * @param top1            pictures whose class has the largest logit; empty where the classes are not known
 * @param top5            pictures whose class has one of the five largest logits; empty where the classes are not known
 * @param agreement       pictures to which the unreduced model gives the same largest logit
 * @param imagesPerSecond pictures that forward passes alone take a second: batch over the median time of a pass
 * @param speedup         {@code imagesPerSecond} over the unreduced model's, measured between each other
 * @param gmacs           multiply-accumulates of a picture, 10^9, mean
 * @param tokensOut       tokens of a picture after the last block, prefix included, mean
 */
public record ReducerScore(String reducer, int images, OptionalInt top1, OptionalInt top5, int agreement,
                           double imagesPerSecond, double speedup, double gmacs, double tokensOut) {
}
