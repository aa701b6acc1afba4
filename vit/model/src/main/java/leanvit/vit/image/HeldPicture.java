package leanvit.vit.image;

/**
 * A decoded picture together with the heap that was reserved for it ({@link Pictures#hold}), so that others wait for it
 * or are refused as long as the picture is needed, and not only until it is decoded. It belongs to one thread.
 */
public final class HeldPicture implements AutoCloseable {

    private RgbImage image;
    private final PictureRoom room;

    HeldPicture(RgbImage image, PictureRoom room) {
        this.image = image;
        this.room = room;
    }

    /** Returns a picture that something else holds; closing it does nothing. */
    public static HeldPicture of(RgbImage image) {
        return new HeldPicture(image, null);
    }

    /**
     * Returns the picture.
     *
     * @throws IllegalStateException if it was closed
     */
    public RgbImage image() {
        if (image == null) {
            throw new IllegalStateException("the picture was closed");
        }
        return image;
    }

    /** Lets the picture go and gives the room back. */
    @Override
    public void close() {
        image = null; // first, since whoever waits for the room takes it at once
        if (room != null) {
            room.close();
        }
    }
}
