namespace HashStore.Schema.Tables;

/// <summary>What is left to do for a key that an object had before. The numbers are stored: do not reorder.</summary>
public enum AliasState : byte
{
    /// <summary>The rows speak of the new key; what lies at the old place (the object, thumbnails) has yet to make room for links to the new one.</summary>
    Pending = 0,

    /// <summary>Done.</summary>
    Placed = 1,
}

/// <summary>A key that an object had before its store was widened (table <c>alias</c>): addresses with it lead to the object for ever.</summary>
public sealed class AliasRow
{
    /// <summary>The key that it had.</summary>
    public byte[] Key { get; set; } = [];

    /// <summary>The key that it has now (<see cref="FileRow.Hash"/>).</summary>
    public byte[] Hash { get; set; } = [];

    /// <summary>What is left to do.</summary>
    public AliasState State { get; set; }
}
