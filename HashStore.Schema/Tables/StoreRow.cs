namespace HashStore.Schema.Tables;

/// <summary>The one row that says which store this database belongs to; every write transaction checks it (table <c>store</c>).</summary>
public sealed class StoreRow
{
    /// <summary>Always <see cref="TheId"/>.</summary>
    public int Id { get; set; } = TheId;

    /// <summary>The same as in <c>layout.json</c>: a database that belongs to another ROOT is noticed.</summary>
    public Guid Uuid { get; set; }

    /// <summary>Grows with every change of algorithm or key length.</summary>
    public long Generation { get; set; }

    /// <summary>The digest algorithm's setting name.</summary>
    public string Algorithm { get; set; } = "";

    /// <summary>Length of the keys in bits.</summary>
    public int KeyBits { get; set; }

    /// <summary>The length of the keys before, while there may be objects that still have such a key; null: all have one of <see cref="KeyBits"/>.</summary>
    public int? FromBits { get; set; }

    /// <summary>The id of the only row.</summary>
    public const int TheId = 1;
}
