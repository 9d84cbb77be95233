using HashStore.Schema;

namespace HashStore.Storage.Objects;

/// <summary>A backend in which an object can get another key while it is being read. Both methods run while the right to write is held, and may be repeated.</summary>
public interface IRekeyableBackend
{
    /// <summary>Lets the bytes of an object be found under a second key too, durable on return. What lies there already must be promised by no row: it is replaced.</summary>
    /// <returns>False when the object is not in that zone; nothing was done.</returns>
    ValueTask<bool> LinkAsync(ContentKey key, ContentKey second, Zone zone);

    /// <summary>
    /// Takes the bytes away from under the first of two keys; durable on return. Where readers could find them there, they are led to the second key: at every instant one of the two answers.
    /// </summary>
    /// <param name="key">The key that the object had.</param>
    /// <param name="now">The key that it has.</param>
    /// <param name="isPublic">Whether the object is public now; else only a place that readers know already leads on.</param>
    ValueTask PointAsync(ContentKey key, ContentKey now, bool isPublic);
}
