using System.Security.Cryptography;
using System.Text;
using HashStore.Storage;

namespace HashStore.Server.Access;

/// <summary>What a caller may do; each includes the ones before.</summary>
internal enum Role
{
    /// <summary>No token: what is public.</summary>
    Anonymous,

    /// <summary>Read, also where reading needs a token.</summary>
    Read,

    /// <summary>Upload, revert, rename.</summary>
    Upload,

    /// <summary>Delete, undelete, hide, show, see what is hidden.</summary>
    Admin,
}

/// <summary>Who calls.</summary>
/// <param name="Name">Stands as the user of what is uploaded.</param>
/// <param name="Role">What is allowed.</param>
internal sealed record Caller(string Name, Role Role)
{
    internal static readonly Caller Anonymous = new("", Role.Anonymous);
}

/// <summary>
/// The tokens: the administrator's from STATE, the others from the settings, all kept as SHA-256. A token has 256 random bits, so a plain hash is enough; a slow one is for passwords.
/// </summary>
internal sealed class Tokens
{
    private const int TokenBytes = 32;
    private const int MaxTokenLength = 1024;

    private readonly List<(byte[] Hash, Caller Caller)> known = [];

    internal Tokens(string adminToken, IEnumerable<TokenSettings> more)
    {
        known.Add((HashOf(adminToken), new Caller("admin", Role.Admin)));
        foreach (var token in more)
        {
            if (token.Name.Length is 0 or > 255 || !Enum.TryParse<Role>(token.Role, ignoreCase: true, out var role) || role is Role.Anonymous || !Enum.IsDefined(role))
            {
                throw ServerSettings.Bad($"Tokens: \"{token.Name}\" needs a Name and a Role of read, upload or admin.");
            }

            if (token.Hash.Length != SHA256.HashSizeInBytes * 2 || !token.Hash.All(char.IsAsciiHexDigit))
            {
                throw ServerSettings.Bad($"Tokens: the Hash of \"{token.Name}\" must be the token's SHA-256 in 64 hexadecimal digits (printf %s TOKEN | sha256sum).");
            }

            known.Add((Convert.FromHexString(token.Hash), new Caller(token.Name, role)));
        }
    }

    /// <summary>Reads the administrator's token, or makes it at the first start: mode 0600, whole or not at all.</summary>
    internal static string ReadOrMakeAdminToken(StorePaths paths)
    {
        if (!File.Exists(paths.AdminToken))
        {
            var temporary = $"{paths.AdminToken}.{Guid.NewGuid():N}";
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
            using (var stream = new FileStream(temporary, options))
            {
                stream.Write(Encoding.ASCII.GetBytes(RandomNumberGenerator.GetHexString(TokenBytes * 2, lowercase: true) + "\n"));
                stream.Flush(flushToDisk: true);
            }

            try
            {
                File.Move(temporary, paths.AdminToken, overwrite: false);
            }
            catch (IOException) when (File.Exists(paths.AdminToken))
            {
                File.Delete(temporary); // another server, started at the same moment, was faster
            }
        }

        var token = File.ReadAllText(paths.AdminToken).Trim();
        return token.Length >= TokenBytes ? token : throw ServerSettings.Bad($"{paths.AdminToken} holds no token of at least {TokenBytes} characters: remove the file, and the next start makes one.");
    }

    /// <summary>Who calls by an <c>Authorization</c> field; null when it holds no valid token.</summary>
    internal Caller? Find(string? authorization)
    {
        if (string.IsNullOrEmpty(authorization))
        {
            return Caller.Anonymous;
        }

        const string Scheme = "Bearer ";
        if (!authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || authorization.Length > MaxTokenLength)
        {
            return null;
        }

        var hash = HashOf(authorization[Scheme.Length..].Trim());
        Caller? found = null;
        foreach (var (stored, caller) in known)
        {
            // All are compared, each in constant time: the answer's time tells nothing.
            if (CryptographicOperations.FixedTimeEquals(hash, stored))
            {
                found ??= caller;
            }
        }

        return found;
    }

    private static byte[] HashOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
