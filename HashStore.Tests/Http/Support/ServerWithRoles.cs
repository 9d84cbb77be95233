using System.Text;

namespace HashStore.Tests.Http.Support;

/// <summary>A server with a token of each role, and small limits.</summary>
public sealed class ServerWithRoles : ServerFixture
{
    internal const string Reader = "the reader's token";
    internal const string Uploader = "the uploader's token";
    internal const string SecondAdmin = "the second administrator's token";
    internal const int MaxUploadBytes = 1_000_000;

    protected override string[] Switches =>
    [
        $"--HashStore:MaxUploadBytes={MaxUploadBytes}",
        .. Token(0, "reader", "read", Reader), .. Token(1, "uploader", "upload", Uploader), .. Token(2, "second", "Admin", SecondAdmin),
    ];

    /// <summary>Switches for one token.</summary>
    internal static string[] Token(int at, string name, string role, string token) =>
    [
        $"--HashStore:Tokens:{at}:Name={name}",
        $"--HashStore:Tokens:{at}:Role={role}",
        $"--HashStore:Tokens:{at}:Hash={Samples.Sha256(Encoding.UTF8.GetBytes(token))}",
    ];
}
