package leanvit.vit;

import java.util.List;
import leanvit.vit.image.RgbImage;

/**
 * How a model came to its answer about a picture.
 *
 * @param input          what the model saw, before it was normalised
 * @param classification the answer
 * @param blocks         what each block did to the tokens, first block first; a batch of this one picture
 */
public record PictureTrace(RgbImage input, Classification classification, List<BlockTrace> blocks) {
}
