package leanvit.app.eval;

import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * What a reducer made of some pictures.
 *
 * @param reducer         its SPEC
 * @param images          pictures
 * @param top1            pictures whose class has the largest logit; empty where the classes are not known
 * @param top5            pictures whose class has one of the five largest logits; empty where the classes are not known
 * @param agreement       pictures to which the unreduced model gives the same largest logit
 * @param passes          forward passes that were timed
 * @param imagesPerSecond batch over the median time of a forward pass; empty where too few were timed
 * @param speedup         {@code imagesPerSecond} over the unreduced model's, whose passes ran in between; empty where
 *                        too few were timed
 * @param gmacs           multiply-accumulates of a picture, 10^9, mean
 * @param tokensOut       tokens of a picture after the last block, prefix included, mean
 */
public record ReducerScore(String reducer, int images, OptionalInt top1, OptionalInt top5, int agreement,
                           int passes, OptionalDouble imagesPerSecond, OptionalDouble speedup, double gmacs,
                           double tokensOut) {
}
