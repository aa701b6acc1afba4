package leanvit.app.draw;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
import leanvit.vit.image.Preprocessing.Interpolation;
import leanvit.vit.image.Resampler;
import leanvit.vit.image.RgbImage;

/** One picture with its patches drawn by what became of them. */
final class PatchPanel {

    /** Hues of outlines, evenly around the colour circle. */
    private static final int HUES = 12;
    /**
     * The step of the hue from one patch to the next: far from the last one, and through all of them before any comes
     * again.
     */
    private static final int HUE_STEP = 5;
    /** Neighbouring groups should be this far apart in hue. */
    private static final int HUE_DISTANCE = 3;
    private static final int GATHERED_TINT = 0x7c6cff;
    private static final int DROPPED_TINT = 0x8c8c8c;
    /** A token number that no patch has. */
    private static final int OUTSIDE = Integer.MIN_VALUE;

    private final PatchGrid grid;
    private final int scale;
    private final int[] tokenOfPatch;
    private final PatchFate[] fates;

    /**
     * Prepares a panel.
     *
     * @param scale        side of a pixel of the picture, in pixels of the panel
     * @param tokenOfPatch see {@link TokenPicture.Layer}
     * @param catchAlls    likewise
     */
    PatchPanel(PatchGrid grid, int scale, int[] tokenOfPatch, int... catchAlls) {
        this.grid = grid;
        this.scale = scale;
        this.tokenOfPatch = tokenOfPatch;
        fates = fates(tokenOfPatch, catchAlls);
    }

    private static PatchFate[] fates(int[] tokenOfPatch, int[] catchAlls) {
        Map<Integer, Integer> patchesOfToken = new HashMap<>();
        for (int token : tokenOfPatch) {
            patchesOfToken.merge(token, 1, Integer::sum);
        }
        PatchFate[] fates = new PatchFate[tokenOfPatch.length];
        for (int p = 0; p < fates.length; p++) {
            int token = tokenOfPatch[p];
            if (token < 0) {
                fates[p] = PatchFate.DROPPED;
            } else if (Arrays.stream(catchAlls).anyMatch(c -> c == token)) {
                fates[p] = PatchFate.GATHERED;
            } else {
                fates[p] = patchesOfToken.get(token) > 1 ? PatchFate.MERGED : PatchFate.KEPT;
            }
        }
        return fates;
    }

    /** Returns what became of each patch. */
    PatchFate[] fates() {
        return fates;
    }

    /** Returns the number of tokens that patches with a fate are in. */
    int tokens(PatchFate fate) {
        return (int) IntStream.range(0, fates.length).filter(p -> fates[p] == fate)
                .map(p -> tokenOfPatch[p]).distinct().count();
    }

    /** Returns the width of the outlines, in pixels of the panel. */
    int outline() {
        return Math.max(1, Math.round(grid.patch() * scale / 14f));
    }

    /** Draws the panel, {@code scale} times the size of the picture. */
    RgbImage draw() {
        RgbImage picture = grid.picture();
        RgbImage large = Resampler.resize(picture, picture.width() * scale, picture.height() * scale,
                Interpolation.BICUBIC);
        Canvas canvas = new Canvas(large.width(), large.height(), 0);
        canvas.image(large, 0, 0);
        Map<Integer, Integer> fills = new HashMap<>();
        Map<Integer, Integer> hues = hues();
        for (int p = 0; p < fates.length; p++) {
            int left = p % grid.columns() * grid.patch() * scale;
            int top = p / grid.columns() * grid.patch() * scale;
            int side = grid.patch() * scale;
            switch (fates[p]) {
                case KEPT -> { }
                case MERGED -> {
                    int fill = fills.computeIfAbsent(tokenOfPatch[p], token -> grid.meanColour(tokenOfPatch, token));
                    canvas.fill(left, top, side, side, fill);
                    outline(canvas, p, left, top, side, bright(hues.get(tokenOfPatch[p])));
                }
                case GATHERED -> shade(canvas, left, top, side, 0.45, 0.35, 1, GATHERED_TINT, 0.55);
                case DROPPED -> shade(canvas, left, top, side, 0.85, 0.74, -1, DROPPED_TINT, 0.3);
            }
        }
        return canvas.picture();
    }

    /**
     * Takes colour and light from a patch and hatches it.
     *
     * @param grayShare how much of the colour goes
     * @param darkShare how much of the light goes
     * @param slope     1 for lines that fall to the left, -1 for lines that fall to the right
     */
    private void shade(Canvas canvas, int left, int top, int side, double grayShare, double darkShare, int slope,
                       int hatch, double hatchShare) {
        int period = Math.max(4, side / 4);
        for (int y = top; y < top + side; y++) {
            for (int x = left; x < left + side; x++) {
                int colour = canvas.pixel(x, y);
                int gray = (int) Math.round(0.299 * (colour >> 16) + 0.587 * (colour >> 8 & 0xff)
                        + 0.114 * (colour & 0xff));
                canvas.blend(x, y, gray * 0x010101, grayShare);
                canvas.blend(x, y, 0, darkShare);
                if (Math.floorMod(x + slope * y, period) < Math.max(1, period / 4)) {
                    canvas.blend(x, y, hatch, hatchShare);
                }
            }
        }
    }

    /** Draws along the sides of patch {@code p} where another token begins, and into the corners between them. */
    private void outline(Canvas canvas, int p, int left, int top, int side, int colour) {
        int t = outline();
        for (int dy = -1; dy <= 1; dy++) {
            for (int dx = -1; dx <= 1; dx++) {
                if (token(p, dx, dy) != tokenOfPatch[p]) {
                    canvas.fill(dx > 0 ? left + side - t : left, dy > 0 ? top + side - t : top, dx == 0 ? side : t,
                            dy == 0 ? side : t, colour);
                }
            }
        }
    }

    /**
     * Returns a hue, 0 to {@value #HUES} - 1, for each merged token. It follows from the token's first patch, so that a
     * group mostly keeps its hue as it grows from panel to panel, unless a neighbour has that hue already.
     */
    private Map<Integer, Integer> hues() {
        Map<Integer, Integer> hues = new HashMap<>();
        for (int p = 0; p < fates.length; p++) {
            if (fates[p] == PatchFate.MERGED && !hues.containsKey(tokenOfPatch[p])) {
                hues.put(tokenOfPatch[p], freeHue(tokenOfPatch[p], p * HUE_STEP % HUES, hues));
            }
        }
        return hues;
    }

    private int freeHue(int token, int preferred, Map<Integer, Integer> hues) {
        int[] nearest = new int[HUES];
        Arrays.fill(nearest, HUE_DISTANCE);
        for (int p = 0; p < fates.length; p++) {
            for (int i = 0; tokenOfPatch[p] == token && i < 9; i++) {
                Integer taken = hues.get(token(p, i % 3 - 1, i / 3 - 1));
                for (int h = 0; taken != null && h < HUES; h++) {
                    int apart = Math.abs(h - taken);
                    nearest[h] = Math.min(nearest[h], Math.min(apart, HUES - apart));
                }
            }
        }
        int best = preferred;
        for (int i = 1; i < HUES; i++) {
            int hue = (preferred + i) % HUES;
            if (nearest[hue] > nearest[best]) {
                best = hue;
            }
        }
        return best;
    }

    /** Returns the token of a patch's neighbour; beyond the border, a token of no patch. */
    private int token(int p, int dx, int dy) {
        int x = p % grid.columns() + dx;
        int y = p / grid.columns() + dy;
        boolean inside = x >= 0 && y >= 0 && x < grid.columns() && y < grid.rows();
        return inside ? tokenOfPatch[y * grid.columns() + x] : OUTSIDE;
    }

    private static int bright(int hue) {
        double sixth = hue * 6.0 / HUES;
        int colour = 0;
        for (int c = 0; c < 3; c++) {
            double apart = Math.abs(sixth - 2 * c); // red is at 0, green at 2, blue at 4
            double share = Math.max(0, Math.min(1, 2 - Math.min(apart, 6 - apart)));
            colour = colour << 8 | (int) Math.round(255 * (0.18 + 0.82 * share));
        }
        return colour;
    }
}
